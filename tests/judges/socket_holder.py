"""Keeps a listening socket open and runs a service with it, as systemd's socket units do (sd_listen_fds(3)).

    socket_holder.py PORT LOG PROGRAM [ARGUMENT...]

Reads orders from standard input: "restart" ends the service with SIGTERM and starts it again. At the end of input the service is
ended, too. Says "started" and "ended CODE" on standard output.
"""

import os
import signal
import socket
import subprocess
import sys

FIRST = 3  # SD_LISTEN_FDS_START


def start(log, program):
    # The number of the process is known in it alone.
    script = 'export LISTEN_FDS=1 LISTEN_PID=$$; exec "$@"'
    service = subprocess.Popen(
        ["sh", "-c", script, "sh", *program],
        pass_fds=(FIRST,),
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
    )
    print("started", flush=True)
    return service


def end(service):
    service.send_signal(signal.SIGTERM)
    print("ended", service.wait(), flush=True)


def main():
    port, log, *program = sys.argv[1:]
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", int(port)))
    listener.listen(1024)
    os.dup2(listener.fileno(), FIRST)
    with open(log, "a") as log:
        service = start(log, program)
        for order in sys.stdin:
            if order.strip() == "restart":
                end(service)
                service = start(log, program)
        end(service)


main()
