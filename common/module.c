/* SPDX-License-Identifier: MIT */

#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/module.h"

/*
 * Folders, from the program's own when they are relative: where they are
 * installed together, where a function and a test find them in the folder of
 * a build, and where the project was to be installed.
 */
static const char *const folders[] = {
	".", "../common", "../../common", MODULE_FOLDER,
};

PRINTF_LIKE(2, 3)
static int fail(char *why, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(why, MODULE_ERROR_MAX, format, args);
	va_end(args);
	return -ENOENT;
}

/* The folder of the running program, with no slash behind it. */
static int program_folder(char *ret_folder, size_t size)
{
	ssize_t n = readlink("/proc/self/exe", ret_folder, size);
	char *slash;

	if (n < 0)
		return -errno;
	if ((size_t)n >= size)
		return -ENAMETOOLONG;
	ret_folder[n] = '\0';
	slash = strrchr(ret_folder, '/');
	if (!slash)
		return -ENOENT;
	*slash = '\0';
	return 0;
}

/*
 * Whether the module may be loaded: it is somebody's who could change the
 * program as well. A folder above the program's may be one that anybody puts
 * files into.
 */
static bool is_trusted(const char *path)
{
	struct stat module, program;

	return stat(path, &module) == 0 && S_ISREG(module.st_mode) &&
	       stat("/proc/self/exe", &program) == 0 &&
	       (module.st_uid == program.st_uid || module.st_uid == 0);
}

/* The path of the module in one of the folders. */
static int find(const char *name, char *ret_path, size_t size)
{
	char program[PATH_MAX];
	int n, r;

	r = program_folder(program, sizeof(program));
	if (r)
		return r;
	for (size_t i = 0; i < ARRAY_SIZE(folders); i++) {
		bool relative = folders[i][0] != '/';

		n = snprintf(ret_path, size, "%s%s%s/tranche-%s.so",
			     relative ? program : "", relative ? "/" : "",
			     folders[i], name);
		if (n > 0 && (size_t)n < size && is_trusted(ret_path))
			return 0;
	}
	return -ENOENT;
}

/*
 * libmongoc keeps counters in a file of /dev/shm for each process, and leaves
 * it behind when the process is killed. It asks the environment about that, and
 * nothing else, when it is loaded.
 */
static void prepare(void)
{
	setenv("MONGOC_DISABLE_SHM", "1", /* overwrite= */ 0);
}

void module_expect_mongodb(const char *uri)
{
	if (!strcasestr(uri, "authMechanism"))
		setenv("SASL_PATH", "/dev/null", /* overwrite= */ 0);
}

int module_symbol(const char *name, const char *symbol, char *ret_why,
		  void **ret_address)
{
	/* Room for the program's folder, ours below it and the name. */
	char path[2 * PATH_MAX];
	void *module, *address;

	if (find(name, path, sizeof(path)))
		return fail(ret_why, "the module tranche-%s.so is not beside "
			    "the program and not in %s", name, MODULE_FOLDER);
	prepare();
	/* Ours says itself that all it calls is looked up now. */
	module = dlopen(path, RTLD_LAZY | RTLD_LOCAL | RTLD_NODELETE);
	if (!module)
		return fail(ret_why, "the module %s cannot be loaded: %s",
			    name, dlerror());
	address = dlsym(module, symbol);
	if (!address)
		return fail(ret_why, "the module %s is of another version: it "
			    "has no %s", name, symbol);
	*ret_address = address;
	return 0;
}
