"""练习用的仓储系统。成功或失败，状态码都是 200。"""

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from secrets import token_hex
from urllib.parse import parse_qsl, urlsplit

STOCK = [
    {"sku": "SKU-001", "name": "轴承 6204", "qty": 86},
    {"sku": "SKU-002", "name": "轴承 6206", "qty": 12},
    {"sku": "SKU-003", "name": "伺服电机 750W", "qty": 3},
]
tokens = set()


def answer(path, query, token, body):
    if path == "/api/login":
        if body != {"username": "zhangsan", "password": "wms-Pass-2026"}:
            return "A0210", "用户名或密码错误", None
        tokens.add(token := token_hex(16))
        return "00000", "ok", {"token": token, "expires_in": 7200}
    if token not in tokens:
        return "A0230", "令牌无效", None
    if path == "/api/stocks":
        found = [one for one in STOCK if query.get("keyword", "") in one["name"]]
        size = int(query.get("size", 10))
        start = (int(query.get("page", 1)) - 1) * size
        return "00000", "ok", {"total": len(found), "rows": found[start : start + size]}
    sku = body.get("sku") or path.removeprefix("/api/stocks/")
    one = next((one for one in STOCK if one["sku"] == sku), None)
    if path == "/api/outbounds":
        if one is None or one["qty"] < body.get("qty", 0):
            return "B0501", "库存不足", None
        return "00000", "ok", {"outboundNo": "CK20260302001", **body}
    return ("00000", "ok", one) if one else ("B0404", "物料不存在", None)


class Warehouse(BaseHTTPRequestHandler):
    def do_GET(self):
        url = urlsplit(self.path)
        text = self.rfile.read(int(self.headers.get("content-length") or 0))
        token, query = self.headers.get("x-token"), dict(parse_qsl(url.query))
        code, message, data = answer(url.path, query, token, json.loads(text or "{}"))
        envelope = {"code": code, "message": message, "data": data}
        sent = json.dumps(envelope, ensure_ascii=False).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json; charset=utf-8")
        self.send_header("content-length", str(len(sent)))
        self.end_headers()
        self.wfile.write(sent)

    do_POST = do_GET

    def log_message(self, *_):
        pass


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", 8765), Warehouse).serve_forever()
