# SPDX-License-Identifier: MIT
"""The web servers in front of the functions, from the files that a user would
copy: deploy/nginx/tranche.conf, deploy/lighttpd/cgi.conf."""

import contextlib
import json
import os
import re
import socket

from processes import Failed

DEPLOY = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
BACKLOG = 1024  # requests that wait for a worker


def read(name):
    with open(os.path.join(DEPLOY, name)) as file:
        return file.read()


def replace(text, values):
    for old, new in values.items():
        if old not in text:
            raise Failed(f"the configuration has no {old}")
        text = text.replace(old, new)
    return text


def write(path, text):
    with open(path, "w") as file:
        file.write(text)


def body_max(limits):
    """Bytes; with less, the functions refuse a body in their own words."""
    return 6 * limits["maxChunkSize"] + (64 << 10)


def seconds(variable, default_ms):
    """A while longer than what the functions keep to."""
    return int(os.environ.get(variable) or default_ms) // 1000 + 10


@contextlib.contextmanager
def short(path):
    """Another name of a folder, for the 108 bytes of a socket's address."""
    fd = os.open(path, os.O_PATH | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{fd}"
    finally:
        os.close(fd)


def link(folder, name, path):
    """A name in the folder, so that a configuration quotes no path."""
    if path:
        os.symlink(os.path.abspath(path), folder / f"run/{name}")


def start_nginx(folder, children, web, options):
    """A pool of processes on one socket for each function, nginx before."""
    conf = read("nginx/tranche.conf")
    for name in re.findall(r"unix:/run/tranche/(\w+)\.sock", conf):
        start_pool(folder, children, name, options)

    link(folder, "www", os.path.join(DEPLOY, "www"))
    link(folder, "htpasswd", options.htpasswd)
    limits = options.limits
    values = {
        "unix:/run/tranche/":
            "unix:run/",
        "client_max_body_size 25m;":
            f"client_max_body_size {(body_max(limits) >> 20) + 1}m;",
        "4194304":
            str(limits["maxChunkSize"]),
        "fastcgi_read_timeout 40s;":
            "fastcgi_read_timeout "
            f"{seconds('TRANCHE_REQUEST_TIMEOUT', 30000)}s;",
        "fastcgi_read_timeout 310s;":
            "fastcgi_read_timeout "
            f"{seconds('TRANCHE_COMPLETE_TIMEOUT', 300000)}s;",
    }
    if options.body_dir:
        values["/dev/shm/tranche-body;"] = f"{options.body_dir};"
    else:
        conf = without_bodies(conf)
    if options.htpasswd:
        values["#auth_basic"] = "auth_basic"
        values['REMOTE_USER "";'] = "REMOTE_USER $remote_user;"
    write(folder / "run/tranche.conf", replace(conf, values))
    values = {
        "@user@": "user root;" if os.getuid() == 0 else "",
        "@port@": str(options.port),
    }
    write(folder / "run/nginx.conf", replace(read("nginx/serve.conf"), values))
    os.makedirs(folder / "run/nginx")
    children.start(
        "nginx",
        "nginx",
        # From inside, for a $ in the folder's own path is a variable's.
        ["nginx", "-p", "./", "-c", "run/nginx.conf", "-e", "log/error.log"],
        fds=[web.fileno()],
        cwd=folder.path,
        # Its own way of handing sockets over, from an old nginx to a new one.
        env={**os.environ, "NGINX": f"{web.fileno()};"},
    )


def without_bodies(conf):
    """The same where there is no tmpfs for bodies."""
    lines = [line for line in conf.splitlines(keepends=True)
             if not re.search(r"client_body_(temp_path|in_file_only)"
                              "|pass_request_body|REQUEST_BODY_FILE", line)]
    if len(lines) != len(conf.splitlines()) - 4:
        raise Failed("the configuration does not have the lines of bodies")
    return "".join(lines)


def start_pool(folder, children, name, options):
    with socket.socket(socket.AF_UNIX) as pool, short(folder / "run") as run:
        pool.bind(f"{run}/{name}.sock")
        pool.listen(BACKLOG)
        children.start(
            name,
            "functions",
            # -t 0: a worker that ends is replaced, however often.
            ["multiwatch", "-f", str(options.workers), "-t", "0", "-s", "TERM",
             "--", os.path.join(options.functions, name)],
            stdin=pool,
        )


AUTHENTICATION = """
	auth.backend = "htpasswd"
	auth.backend.htpasswd.userfile = var.run + "/htpasswd"
	auth.require = ( "" => ( "method" => "basic", "realm" => "tranche",
		"require" => "valid-user" ) )
"""
INHERITED = re.compile(
    r"TRANCHE_\w+|REDIS_URL|MONGODB_URI|HOME|PATH|TMPDIR|\w+SAN_OPTIONS")


def start_cgi(folder, children, web, options):
    """lighttpd, which starts a function for each request."""
    link(folder, "functions", options.functions)
    link(folder, "htpasswd", options.htpasswd)
    for name in ("empty", "errors", "lighttpd"):
        os.makedirs(folder / f"run/{name}")
    write_errors(folder, options.limits)

    values = {
        "@port@": str(options.port),
        "@bodies@": (f'"{options.body_dir}"' if options.body_dir
                     else 'var.run + "/lighttpd"'),
        "@body_kib@": str((body_max(options.limits) >> 10) + 1),
        "@environment@": ",\n".join(
            f'\t\t"{name}" => env.{name}' for name in sorted(os.environ)
            if INHERITED.fullmatch(name)),
        "@authentication@": AUTHENTICATION if options.htpasswd else "",
    }
    write(folder / "run/lighttpd.conf",
          replace(read("lighttpd/cgi.conf"), values))
    children.start(
        "lighttpd",
        "lighttpd",
        # As systemd hands a socket over: sd_listen_fds(3).
        ["sh", "-c", "LISTEN_PID=$$ LISTEN_FDS=1 exec lighttpd -D "
         "-f run/lighttpd.conf 3<&0 </dev/null"],
        stdin=web,
        cwd=folder.path,
        env={**os.environ, "STATE": folder.path},
    )


def write_errors(folder, limits):
    """lighttpd's answers of its own, a file each."""
    largest = limits["maxChunkSize"]
    texts = {
        (400, 411, 414, 417, 431, 501, 505): ("Bad request", "bad_request"),
        (401,): ("Authentication required", "unauthorized"),
        (403, 404): ("Not found", "not_found"),
        (405,): ("Method not allowed", "method"),
        (413,): (f"Too large: maxChunkSize is {largest}", "too_large"),
        (500, 502, 503, 504): ("Service unavailable", "unavailable"),
    }
    for codes, (error, code) in texts.items():
        body = {"error": error, "code": code}
        if code == "too_large":
            body.update(limit="maxChunkSize", max=largest)
        for status in codes:
            write(folder / f"run/errors/{status}.html",
                  json.dumps(body, separators=(",", ":")))
