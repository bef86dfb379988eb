class HttpError extends Error { constructor(status, msg) { super(msg); this.name = 'HttpError'; this.status = status; } get retryable() { return this.status >= 500; } }
const e = new HttpError(502, '网关');
return [String(e), e instanceof Error, e.retryable, Object.keys(e), JSON.stringify(e), Object.prototype.toString.call(e)];
