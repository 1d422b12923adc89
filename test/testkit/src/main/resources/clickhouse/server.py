"""Real ClickHouse for tests: the engine of PyPI's chdb-core behind as much of ClickHouse's HTTP interface as its
official Java client needs.

    python server.py FOLDER PORT USER PASSWORD

Listens on loopback only. Port 0 is chosen by the system; "listening PORT VERSION" is the first line of the output.
Ends when its standard input does, so that nothing is left behind by a test that was killed.

One statement at a time: chdb has one session, whose current database belongs to the statement that runs. Settings
and parameters travel with their statement, never with the session: a token that stayed behind would swallow the next
insert.
"""

import base64
import hmac
import json
import os
import re
import sys
import tempfile
import threading
import time
import urllib.parse
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from chdb import session

# What a request says about itself; everything else in its address is a setting of the engine.
OF_THE_REQUEST = {
    "query", "database", "default_format", "query_id", "session_id", "session_timeout", "session_check", "user",
    "password", "quota_key", "role", "compress", "decompress", "enable_http_compression", "client_protocol_version",
    "wait_end_of_query", "buffer_size", "http_write_exception_in_output_format", "send_progress_in_http_headers",
}
HEADERS = {
    "X-ClickHouse-Database": "database",
    "X-ClickHouse-Format": "default_format",
    "X-ClickHouse-Query-Id": "query_id",
}
READING = re.compile(r"\s*(SELECT|WITH|SHOW|DESCRIBE|DESC|EXISTS|EXPLAIN)\b", re.I)
INSERT = re.compile(
    rb"\s*INSERT\s+INTO\s+(?:TABLE\s+)?(?P<table>[`\"\w.]+)\s*(?P<columns>\([^)]*\))?\s*"
    rb"FORMAT\s+(?P<format>(?!Values\b)\w+)[ \t]*\r?\n?", re.I)
CODE = re.compile(r"Code: (\d+)")


class Engine:
    def __init__(self, folder):
        self.folder = folder
        self.session = session.Session(os.path.join(folder, "data"))
        self.lock = threading.Lock()
        self.version = self.session.query("SELECT version()", "TabSeparated").bytes().decode().strip()

    def run(self, sql, data, database, form, settings, parameters):
        with self.lock:
            if database:
                self.session.query("USE `" + database.replace("`", "") + "`")
            if data is not None:
                return self.insert(sql, data, settings)
            if READING.match(sql):
                return self.session.query(sql + clause(settings), form, params=parameters)
            return self.session.query(sql, form, params=parameters)

    def insert(self, found, data, settings):
        with tempfile.NamedTemporaryFile(dir=self.folder) as rows:
            rows.write(data)
            rows.flush()
            return self.session.query(
                "INSERT INTO {} {} FROM INFILE '{}'{} FORMAT {}".format(
                    found["table"].decode(), (found["columns"] or b"").decode(), rows.name, clause(settings),
                    found["format"].decode()), "TabSeparated")


def clause(settings):
    quoted = [name + " = '" + value.replace("\\", "\\\\").replace("'", "\\'") + "'" for name, value in settings.items()]
    return " SETTINGS " + ", ".join(quoted) if quoted else ""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # An answer in two packets would wait for the other side's delayed acknowledgement of the first.
    disable_nagle_algorithm = True
    wbufsize = 1 << 16

    def log_message(self, *_):
        pass

    def do_GET(self):
        if self.path.startswith("/ping"):
            self.answer(200, b"Ok.\n")
        else:
            self.statement(b"")

    def do_POST(self):
        self.statement(self.body())

    def body(self):
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        chunks = []
        while True:
            size = int(self.rfile.readline().split(b";")[0], 16)
            chunks.append(self.rfile.read(size))
            self.rfile.readline()
            if size == 0:
                return b"".join(chunks)

    def statement(self, body):
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query, keep_blank_values=True)
        query = {name: values[-1] for name, values in query.items()}
        for header, name in HEADERS.items():
            if self.headers.get(header):
                query.setdefault(name, self.headers[header])
        if not self.is_known(query):
            self.fail(403, 516, "Authentication failed: password is incorrect, or there is no user with such name")
            return
        parameters = {name[6:]: value for name, value in query.items() if name.startswith("param_")}
        settings = {
            name: value for name, value in query.items()
            if name not in OF_THE_REQUEST and not name.startswith("param_")}
        sql, data = query.get("query", ""), body
        text = (sql + "\n").encode() + body if sql else body
        insert = INSERT.match(text)
        if insert:
            sql, data = insert, text[insert.end():]
        else:
            sql, data = text.decode(), None
        start = time.monotonic()
        try:
            form = query.get("default_format", "TabSeparated")
            result = self.server.engine.run(sql, data, query.get("database"), form, settings, parameters)
            summary = {"read_rows": str(result.rows_read()), "read_bytes": str(result.bytes_read()),
                       "elapsed_ns": str(int((time.monotonic() - start) * 1e9))}
            self.answer(200, result.bytes() or b"", form, {"X-ClickHouse-Summary": json.dumps(summary)})
        except Exception as failure:
            code = CODE.search(str(failure))
            self.fail(500, int(code[1]) if code else 1002, str(failure))

    def is_known(self, query):
        user, password = self.headers.get("X-ClickHouse-User"), self.headers.get("X-ClickHouse-Key")
        basic = self.headers.get("Authorization", "")
        if basic.startswith("Basic "):
            user, _, password = base64.b64decode(basic[6:]).decode().partition(":")
        user, password = user or query.get("user", "default"), password or query.get("password", "")
        return user == self.server.user and hmac.compare_digest(password.encode(), self.server.password.encode())

    def fail(self, status, code, message):
        text = message if message.startswith("Code: ") else "Code: {}. DB::Exception: {}".format(code, message)
        text += " (version " + self.server.engine.version + ")\n"
        self.answer(status, text.encode(), extra={"X-ClickHouse-Exception-Code": str(code)})

    def answer(self, status, data, form="TabSeparated", extra=None):
        self.send_response(status)
        for name, value in {
            "Content-Length": str(len(data)),
            "X-ClickHouse-Format": form,
            "X-ClickHouse-Timezone": "UTC",
            "X-ClickHouse-Server-Display-Name": "chdb",
            "X-ClickHouse-Query-Id": self.headers.get("X-ClickHouse-Query-Id") or str(uuid.uuid4()),
            **(extra or {}),
        }.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        # A client that has gone away, as killed ones do.
        pass


def end_with_standard_input():
    sys.stdin.buffer.read()
    os._exit(0)


def main():
    folder, port, user, password = sys.argv[1:5]
    engine = Engine(folder)
    server = Server(("127.0.0.1", int(port)), Handler)
    server.engine, server.user, server.password = engine, user, password
    threading.Thread(target=end_with_standard_input, daemon=True).start()
    print("listening", server.server_address[1], engine.version, flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
