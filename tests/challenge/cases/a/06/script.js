form.$readonly = { 合计: true, 单号: true };
form.$required = { 供应商: true };
