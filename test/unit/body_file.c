/* SPDX-License-Identifier: MIT */

/* Bodies that a web server leaves in files: which are opened, and which not. */

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "common/request.h"
#include "common/body_file.h"
#include "test/unit/fake_front.h"

static const struct body_limit limit = { 10, "maxThing", 7 };

/* A folder as the web server has it, with the body "hello" in it. */
struct bed {
	char folder[200];
	char path[256];
};

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static void bed_make(struct bed *bed)
{
	const char *temporary = getenv("TMPDIR");

	snprintf(bed->folder, sizeof(bed->folder), "%s/tranche-body.XXXXXX",
		 temporary && *temporary ? temporary : "/tmp");
	assert_non_null(mkdtemp(bed->folder));
	snprintf(bed->path, sizeof(bed->path), "%s/0000000001", bed->folder);
	write_file(bed->path, "hello");
}

static void bed_done(struct bed *bed)
{
	unlink(bed->path);
	assert_int_equal(rmdir(bed->folder), 0);
}

/* What the request of a server that names @path comes to. */
static int read_body(struct request *req, const char *folder, const char *path,
		     const char *length, const char *body)
{
	struct fake_request from = {
		.params = { { "REQUEST_BODY_FILE", path },
			    { "CONTENT_LENGTH", length } },
		.body = body,
	};
	struct fake_front front;
	int r;

	fake_front_init(&front, &from, 1);
	request_init(req);
	assert_int_equal(request_begin(req, &front.base, 1,
				       deadline_in(10000)), 0);
	r = request_read_body(req, &front.base, &limit, folder);
	fake_front_done(&front);
	return r;
}

static void is_read_once_it_is_announced(void **state)
{
	static const char *const lengths[] = { "5", "", "-1", "05" };
	struct request req;
	struct bed bed;
	char text[5];

	(void)state;
	bed_make(&bed);
	for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
		assert_int_equal(read_body(&req, bed.folder, bed.path,
					   lengths[i], "other"), 0);
		assert_int_equal(req.body.size, 5);
		assert_string_equal(req.body.data, "hello");
		assert_int_equal(pread(req.body_fd, text, 5, 0), 5);
		assert_memory_equal(text, "hello", 5);
		request_done(&req);
		assert_int_equal(req.body_fd, -1);
	}
	bed_done(&bed);
}

static void another_length_is_not_the_body(void **state)
{
	static const char *const lengths[] = { "4", "6", "0" };
	struct request req;
	struct bed bed;

	(void)state;
	bed_make(&bed);
	for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
		assert_int_equal(read_body(&req, bed.folder, bed.path,
					   lengths[i], ""), -EBADMSG);
		request_done(&req);
	}
	bed_done(&bed);
}

static void one_over_the_limit_is_not_read(void **state)
{
	struct request req;
	struct bed bed;

	(void)state;
	bed_make(&bed);
	write_file(bed.path, "01234567890");
	assert_int_equal(read_body(&req, bed.folder, bed.path, "11", ""),
			 REQUEST_E_TOO_LARGE);
	assert_string_equal(req.limit, "maxThing");
	assert_int_equal(req.limit_max, 7);
	assert_int_equal(req.body.size, 0);
	request_done(&req);
	bed_done(&bed);
}

/* Whoever could send a request might choose the variable: nothing is opened. */
static void without_a_folder_no_name_is_believed(void **state)
{
	struct request req;
	struct bed bed;

	(void)state;
	bed_make(&bed);
	assert_int_equal(read_body(&req, NULL, bed.path, "5", "other"), 0);
	assert_string_equal(req.body.data, "other");
	assert_int_equal(req.body_fd, -1);
	request_done(&req);
	/* The server keeps the body for a file that nobody may open. */
	assert_int_equal(read_body(&req, NULL, bed.path, "5", ""), -ENXIO);
	request_done(&req);
	bed_done(&bed);
}

static void without_a_name_the_body_comes_as_ever(void **state)
{
	struct request req;
	struct bed bed;

	(void)state;
	bed_make(&bed);
	assert_int_equal(read_body(&req, bed.folder, "", "5", "other"), 0);
	assert_string_equal(req.body.data, "other");
	assert_int_equal(req.body_fd, -1);
	request_done(&req);
	bed_done(&bed);
}

static void only_files_directly_in_the_folder_are_opened(void **state)
{
	static const char *const names[] = {
		"", "/", "/.", "/..", "/sub/file", "/../tranche-other",
		"/./0000000001", "-other/0000000001",
	};
	struct body_file file;
	char path[256];
	struct bed bed;

	(void)state;
	bed_make(&bed);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		snprintf(path, sizeof(path), "%s%s", bed.folder, names[i]);
		assert_int_equal(body_file_open(bed.folder, path, &file),
				 -EXDEV);
	}
	assert_int_equal(body_file_open(bed.folder, "0000000001", &file),
			 -EXDEV);
	assert_int_equal(body_file_open("/", "/etc", &file), -EXDEV);
	snprintf(path, sizeof(path), "%s/none", bed.folder);
	assert_int_equal(body_file_open(bed.folder, path, &file), -ENOENT);
	/* A slash at the folder's end says the same folder. */
	snprintf(path, sizeof(path), "%s//", bed.folder);
	assert_int_equal(body_file_open(path, bed.path, &file), 0);
	close(file.fd);
	bed_done(&bed);
}

static void what_is_no_plain_file_of_ours_is_not_opened(void **state)
{
	struct body_file file;
	struct bed bed;
	char other[256];

	(void)state;
	bed_make(&bed);
	snprintf(other, sizeof(other), "%s/other", bed.folder);

	assert_int_equal(link(bed.path, other), 0);
	assert_int_equal(body_file_open(bed.folder, other, &file), -EBADMSG);
	unlink(other);
	assert_int_equal(symlink(bed.path, other), 0);
	assert_int_equal(body_file_open(bed.folder, other, &file), -ELOOP);
	unlink(other);
	assert_int_equal(mkfifo(other, 0600), 0);
	assert_int_equal(body_file_open(bed.folder, other, &file), -EBADMSG);
	unlink(other);
	assert_int_equal(mkdir(other, 0700), 0);
	assert_int_equal(body_file_open(bed.folder, other, &file), -EISDIR);
	rmdir(other);

	chmod(bed.path, 0622);
	assert_int_equal(body_file_open(bed.folder, bed.path, &file), -EACCES);
	chmod(bed.path, 0600);
	chmod(bed.folder, 0777);
	assert_int_equal(body_file_open(bed.folder, bed.path, &file), -EACCES);
	chmod(bed.folder, 0700);
	if (geteuid() == 0) {
		assert_int_equal(chown(bed.path, 1, 1), 0);
		assert_int_equal(body_file_open(bed.folder, bed.path, &file),
				 -EACCES);
		assert_int_equal(chown(bed.path, 0, 0), 0);
		assert_int_equal(chown(bed.folder, 1, 1), 0);
		assert_int_equal(body_file_open(bed.folder, bed.path, &file),
				 -EACCES);
	}
	bed_done(&bed);
}

static void one_that_shrinks_is_noticed(void **state)
{
	struct body_file file;
	struct bed bed;
	char text[5];

	(void)state;
	bed_make(&bed);
	assert_int_equal(body_file_open(bed.folder, bed.path, &file), 0);
	assert_int_equal(file.size, 5);
	assert_int_equal(truncate(bed.path, 3), 0);
	assert_int_equal(body_file_read(&file, text, 5), -EBADMSG);
	close(file.fd);
	bed_done(&bed);
}

/* @file of @extra bytes more than @size; the NUL is behind the body. */
static void assert_mapped(const struct bed *bed, size_t at, size_t size,
			  size_t extra)
{
	size_t whole = at + size + extra;
	char *bytes = malloc(whole), *data;
	int fd = open(bed->path, O_RDWR | O_TRUNC);

	for (size_t i = 0; i < whole; i++)
		bytes[i] = (char)('a' + i % 23);
	assert_int_equal(write(fd, bytes, whole), whole);
	lseek(fd, (off_t)at, SEEK_SET);
	assert_int_equal(body_file_map(fd, size, &data), 0);
	assert_memory_equal(data, bytes + at, size);
	assert_int_equal(data[size], '\0');
	/* What is changed is changed here alone. */
	memset(data, 'X', size);
	assert_int_equal(data[size], '\0');
	body_file_unmap(data, size);
	assert_int_equal(pread(fd, bytes, 1, (off_t)at), 1);
	assert_int_not_equal(bytes[0], 'X');
	close(fd);
	free(bytes);
}

static void mapped_one_ends_in_a_nul_and_is_ours(void **state)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	struct bed bed;

	(void)state;
	bed_make(&bed);
	for (size_t extra = 0; extra < 2; extra++) {
		assert_mapped(&bed, 0, page, extra);
		assert_mapped(&bed, 0, 2 * page - 1, extra);
		assert_mapped(&bed, 0, 1, extra);
		assert_mapped(&bed, page, 3 * page, extra);
	}
	bed_done(&bed);
}

static void what_cannot_be_mapped_is_said(void **state)
{
	struct bed bed;
	char *data;
	int fd;

	(void)state;
	bed_make(&bed);
	fd = open(bed.path, O_RDWR);
	assert_int_equal(body_file_map(fd, 6, &data), -EBADMSG);
	assert_int_equal(body_file_map(fd, 0, &data), -EINVAL);
	lseek(fd, 1, SEEK_SET);
	assert_int_equal(body_file_map(fd, 4, &data), -EINVAL);
	close(fd);
	bed_done(&bed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(is_read_once_it_is_announced),
		cmocka_unit_test(another_length_is_not_the_body),
		cmocka_unit_test(one_over_the_limit_is_not_read),
		cmocka_unit_test(without_a_folder_no_name_is_believed),
		cmocka_unit_test(without_a_name_the_body_comes_as_ever),
		cmocka_unit_test(only_files_directly_in_the_folder_are_opened),
		cmocka_unit_test(what_is_no_plain_file_of_ours_is_not_opened),
		cmocka_unit_test(one_that_shrinks_is_noticed),
		cmocka_unit_test(mapped_one_ends_in_a_nul_and_is_ours),
		cmocka_unit_test(what_cannot_be_mapped_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
