"""A receiver of webhooks, as an agency would write one with the library of Standard Webhooks.

usage: webhook_receiver.py FOLDER PORT

FOLDER holds chain.pem and key.pem, `secret` as npki wrote it, `failures` (how many messages are answered 503 before one is
taken) and gets `came`: a line of JSON for each message that came, durable before it is answered.
"""

import http.server
import json
import os
import ssl
import sys
from pathlib import Path

from standardwebhooks import Webhook, WebhookVerificationError

folder = Path(sys.argv[1])


def failures_left():
    file = folder / "failures"
    left = int(file.read_text()) if file.exists() else 0
    if left > 0:
        file.write_text(str(left - 1))
    return left


class Receiver(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        headers = dict(self.headers.items())
        try:
            # Read each time: secrets are changed while this runs.
            message = Webhook((folder / "secret").read_text().strip()).verify(body, headers)
            status = 503 if failures_left() > 0 else 204
        except WebhookVerificationError as error:
            message, status = {"unverified": str(error)}, 401
        line = {"status": status, "id": self.headers["webhook-id"], "message": message, "path": self.path}
        with open(folder / "came", "a") as came:
            came.write(json.dumps(line) + "\n")
            came.flush()
            os.fsync(came.fileno())
        self.send_response(status)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[2])), Receiver)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(folder / "chain.pem", folder / "key.pem")
server.socket = context.wrap_socket(server.socket, server_side=True)
server.serve_forever()
