form.$readonly = { 合计: true };
form.$required = { 供应商: true };
form.$options = { 类别: ['差旅', '办公'] };
