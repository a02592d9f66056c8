/* SPDX-License-Identifier: MIT */

/*
 * spawn N BODY BEGINNING PROGRAM: runs the program N times, one after the
 * other, with the file BODY as its input, and writes {"ns": [...]}: of each run
 * from the call that makes the process to the end of its output. The output must
 * begin with BEGINNING, and the program end with 0.
 *
 * The program gets the environment; @n@ in its values becomes the number of the
 * run, from 0.
 */

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define WAIT_MS 30000
#define OUTPUT_MAX 65536 /* bytes */
#define NUMBER "@n@"

extern char **environ;

static uint64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

static char *number(const char *value, int n)
{
	const char *mark = strstr(value, NUMBER);
	char *out = NULL;
	int r;

	if (mark)
		r = asprintf(&out, "%.*s%d%s", (int)(mark - value), value, n,
			     mark + strlen(NUMBER));
	else
		r = asprintf(&out, "%s", value);
	if (r < 0)
		err(1, "memory");
	return out;
}

static char **environment(int n)
{
	size_t count = 0;
	char **env;

	while (environ[count])
		count++;
	env = calloc(count + 1, sizeof(*env));
	if (!env)
		err(1, "memory");
	for (size_t i = 0; i < count; i++)
		env[i] = number(environ[i], n);
	return env;
}

static void forget(char **env)
{
	for (char **value = env; *value; value++)
		free(*value);
	free(env);
}

/* All that comes, until whoever holds the other end has closed it. */
static void read_all(int fd, pid_t child, char output[OUTPUT_MAX])
{
	struct pollfd from = { .fd = fd, .events = POLLIN };
	size_t have = 0;
	ssize_t n;

	do {
		if (poll(&from, 1, WAIT_MS) <= 0) {
			kill(child, SIGKILL);
			errx(1, "no end within %d ms", WAIT_MS);
		}
		n = read(fd, output + have, OUTPUT_MAX - 1 - have);
		have += n > 0 ? (size_t)n : 0;
	} while (n > 0);
	output[have] = '\0';
}

static uint64_t run(char *program, const char *body, const char *beginning,
		    int n)
{
	char *args[] = { program, NULL }, **env = environment(n);
	static char output[OUTPUT_MAX];
	posix_spawn_file_actions_t actions;
	int in, out[2], status, r;
	uint64_t took;
	pid_t child;

	in = open(body, O_RDONLY | O_CLOEXEC);
	if (in < 0 || pipe2(out, O_CLOEXEC))
		err(1, "%s", body);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, in, 0);
	posix_spawn_file_actions_adddup2(&actions, out[1], 1);

	took = now();
	r = posix_spawn(&child, program, &actions, NULL, args, env);
	if (r)
		errx(1, "%s: %s", program, strerror(r));
	close(out[1]);
	read_all(out[0], child, output);
	took = now() - took;

	posix_spawn_file_actions_destroy(&actions);
	close(out[0]);
	close(in);
	forget(env);
	if (waitpid(child, &status, 0) != child || status)
		errx(1, "%s: ended with %d: %.400s", program, status, output);
	if (strncmp(output, beginning, strlen(beginning)) != 0)
		errx(1, "%s: %.400s", program, output);
	return took;
}

int main(int argc, char *argv[])
{
	int count;

	if (argc != 5)
		errx(2, "usage: spawn N BODY BEGINNING PROGRAM");
	count = atoi(argv[1]);
	printf("{\"ns\":[");
	for (int n = 0; n < count; n++)
		printf("%s%llu", n ? "," : "",
		       (unsigned long long)run(argv[4], argv[2], argv[3], n));
	puts("]}");
	return 0;
}
