// 打开申请单：合计由脚本算，明细每行必须有名称
form.$readonly = { 合计: true };
form.$required = { 供应商编号: true, '明细.名称': true };
