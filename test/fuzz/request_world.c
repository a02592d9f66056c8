/* SPDX-License-Identifier: MIT */

#include <stdlib.h>
#include <string.h>

#include "common/store.h"
#include "test/fuzz/request_world.h"

static struct world *world;	/* serve() passes nothing through */

/* By the linker's --wrap: ids are valid for a time. */
int64_t __wrap_clock_now_ms(void);
int64_t __wrap_clock_now_ms(void)
{
	return WORLD_NOW_MS;
}

const char *world_param(const struct world *w, const char *name)
{
	for (size_t i = 0; i < w->n_params; i++)
		if (strcmp(w->params[i].name, name) == 0)
			return w->params[i].value;
	return NULL;
}

static int front_accept(struct front *front, int64_t idle_ms)
{
	(void)front;
	(void)idle_ms;
	if (world->accepted)
		return FRONT_E_END;
	world->accepted = true;
	return 0;
}

static const char *front_param(struct front *front, const char *name)
{
	(void)front;
	return world_param(world, name);
}

static int front_read(struct front *front, char *data, size_t size,
		      size_t *ret_n)
{
	size_t left = world->body.left - world->read;

	(void)front;
	must(size > 0, "a read asks for something");
	if (size > left)
		size = left;
	if (world->piece && size > world->piece)
		size = world->piece;
	if (size)
		memcpy(data, world->body.at + world->read, size);
	world->read += size;
	*ret_n = size;
	return 0;
}

static int front_write(struct front *front, const char *data, size_t size)
{
	(void)front;
	must(buf_append(&world->answer, data, size) == 0,
	     "an answer is not long");
	return 0;
}

static void front_finish(struct front *front)
{
	(void)front;
}

int front_open(struct front **ret_front)
{
	static const struct front_impl impl = {
		.name = "fuzz",
		.accept = front_accept,
		.param = front_param,
		.read = front_read,
		.write = front_write,
		.finish = front_finish,
		.close = front_finish,
	};
	static struct front front = { .impl = &impl };

	*ret_front = &front;
	return 0;
}

static int put_session(struct tier *t, const struct session *session,
		       struct deadline dl)
{
	(void)t;
	(void)dl;
	must(!session->answer.body, "what begins has no answer");
	world->session = *session;
	world->has_session = true;
	return 0;
}

static int get_session(struct tier *t, const char *id, enum tier_read read,
		       struct deadline dl, struct session *ret_session)
{
	(void)t;
	(void)read;
	(void)dl;
	must(session_id_is_valid(id, strlen(id)),
	     "a tier is asked for valid ids alone");
	if (strcmp(id, WORLD_ID) != 0)
		return TIER_E_ABSENT;
	*ret_session = (struct session){
		.id = WORLD_ID,
		.total_chunks = 3,
		.total_size = 40,
		.created_at = WORLD_NOW_MS - 500,
		.expires_at = WORLD_NOW_MS + 3600000,
	};
	return 0;
}

static int put_chunk(struct tier *t, const struct session *session,
		     const struct chunk *chunk, struct deadline dl,
		     struct chunk_count *ret_count)
{
	(void)t;
	(void)session;
	(void)dl;
	world->has_chunk = true;
	world->chunk = chunk->info;
	buf_reset(&world->data);
	must(buf_append(&world->data, chunk->data, chunk->info.size) == 0,
	     "a chunk is not over its limit");
	*ret_count = (struct chunk_count){ 1, chunk->info.size };
	return 0;
}

static int list_chunks(struct tier *t, const struct session *session,
		       struct deadline dl, struct chunk_list *ret_list)
{
	(void)t;
	(void)session;
	(void)dl;
	*ret_list = (struct chunk_list){ 0 };
	return 0;
}

static int is_claimed(struct tier *t, const struct session *session,
		      struct deadline dl, bool *ret_held)
{
	(void)t;
	(void)session;
	(void)dl;
	*ret_held = false;
	return 0;
}

static void close_tier(struct tier *t)
{
	(void)t;
}

/* No more than the functions that are linked here ask for. */
int store_open(const struct config *config, struct tier **ret_store)
{
	static const struct tier_impl impl = {
		.name = "fuzz",
		.put_session = put_session,
		.get_session = get_session,
		.put_chunk = put_chunk,
		.list_chunks = list_chunks,
		.is_claimed = is_claimed,
		.close = close_tier,
	};
	static struct tier tier = { .impl = &impl };

	(void)config;
	*ret_store = &tier;
	return 0;
}

static void set_environment(void)
{
	setenv("TRANCHE_TIERS", "memory", 1);
	setenv("TRANCHE_LOG_LEVEL", "error", 1);
	setenv("TRANCHE_MAX_CHUNK_SIZE", "64", 1);
	setenv("TRANCHE_MAX_CHUNKS", "100", 1);
	setenv("TRANCHE_MAX_SIZE", "4096", 1);
	setenv("TRANCHE_CORS_ORIGINS", "https://a.example," WORLD_ORIGIN, 1);
}

void world_init(struct world *w, struct fuzz_input in)
{
	struct fuzz_input line, name;

	*w = (struct world){ .n_params = 0 };
	buf_init(&w->answer, MIB(1));
	buf_init(&w->data, WORLD_MAX_CHUNK_SIZE);
	while ((line = fuzz_until(&in, '\n')).left) {
		name = fuzz_until(&line, '=');
		if (w->n_params == WORLD_PARAMS_MAX)
			continue;
		w->params[w->n_params].name = fuzz_string(name);
		w->params[w->n_params++].value = fuzz_string(line);
	}
	w->body = in;
}

void world_done(struct world *w)
{
	for (size_t i = 0; i < w->n_params; i++) {
		free(w->params[i].name);
		free(w->params[i].value);
	}
	buf_done(&w->answer);
	buf_done(&w->data);
}

void world_run(struct world *w, int (*function)(void))
{
	static bool is_set;

	if (!is_set)
		set_environment();
	is_set = true;
	world = w;
	w->accepted = w->has_session = w->has_chunk = false;
	w->read = 0;
	buf_reset(&w->answer);
	must(function() == EXIT_SUCCESS, "a function ends well");
	must(w->accepted, "it took the request");
}
