"""JSON over HTTP for the lab's Python services: GET / tells who answers, POST /<call> hands the body to a function."""

import json
from http.server import BaseHTTPRequestHandler


class JsonHandler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.0"
    # The answer of GET, and path -> function of the parsed body; set before the server starts.
    about = {}
    calls = {}

    def do_GET(self):
        self.reply(200, self.about)

    def do_POST(self):
        try:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            call = self.calls.get(self.path)
            if call is None:
                self.reply(404, {"error": f"no such call: {self.path}"})
            else:
                self.reply(200, call(body))
        except Exception as error:  # The errors of libraries have many types; the caller sees the text of each.
            self.reply(400, {"error": f"{type(error).__name__}: {error}"})

    def reply(self, status, value):
        data = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *args):
        pass
