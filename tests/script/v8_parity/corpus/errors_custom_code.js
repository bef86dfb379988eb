class ApiError extends Error { constructor(code, msg) { super(`[${code}] ${msg}`); this.code = code; } }
const handle = e => e instanceof ApiError ? {40001: '令牌过期', 40003: '无权'}[e.code] ?? '接口错误' : '未知';
return [new ApiError(40001, 'x'), new ApiError(1, 'y'), new Error('z')].map(handle);
