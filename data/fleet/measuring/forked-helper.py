"""Runs a helper of agent/helpers in a process forked from one that has its packages imported already: seconds saved for
each network of a session. The helper itself, its threads and its GPU are a new process's, as ever.

    forked-helper.py serve SOCKET MODULE…        imports the modules once and waits
    forked-helper.py SOCKET HELPER [WORD…] MODEL  runs the helper there, on this process's processors
"""
import importlib
import json
import os
import runpy
import signal
import socket
import sys


def child(request, files):
    for at, file in enumerate(files, start=1):
        os.dup2(file, at)
    os.environ.update(request["environment"])
    os.chdir(request["folder"])
    os.sched_setaffinity(0, request["processors"])
    sys.argv = request["words"]
    sys.path.insert(0, os.path.dirname(request["words"][0]))
    try:
        runpy.run_path(request["words"][0], run_name="__main__")
    except SystemExit as end:
        if end.code not in (None, 0):
            print(end.code, file=sys.stderr, flush=True)
            os._exit(1)
    sys.stdout.flush()
    os._exit(0)


def serve(path, modules):
    for module in modules:
        importlib.import_module(module)
    # Nobody waits for what was forked.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    server = socket.socket(socket.AF_UNIX)
    server.bind(path)
    server.listen()
    while True:
        connection, _ = server.accept()
        if os.fork() > 0:
            connection.close()
            continue
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        text, files, _, _ = socket.recv_fds(connection, 1 << 20, 2)
        worker = os.fork()
        if worker == 0:
            child(json.loads(text), files)
        _, status = os.waitpid(worker, 0)
        connection.send(bytes([min(255, os.waitstatus_to_exitcode(status) % 256)]))
        os._exit(0)


def ask(path, words):
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(path)
    request = {
        "words": [os.path.abspath(words[0]), *words[1:]],
        "environment": {name: text for name, text in os.environ.items() if name.startswith("SUGARBUSH_")},
        "folder": os.getcwd(),
        "processors": list(os.sched_getaffinity(0)),
    }
    socket.send_fds(connection, [json.dumps(request).encode()], [1, 2])
    return (connection.recv(1) or b"\x01")[0]


if sys.argv[1] == "serve":
    serve(sys.argv[2], sys.argv[3:])
sys.exit(ask(sys.argv[1], sys.argv[2:]))
