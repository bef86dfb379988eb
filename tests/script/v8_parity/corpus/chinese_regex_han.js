const t = '客户Zhang三123号，备注：无。';
return [t.match(/[\u4e00-\u9fa5]+/g), t.match(/\p{Script=Han}/gu).length, t.replace(/\P{L}/gu, ''), /^[\u4e00-\u9fa5·]{2,20}$/.test('阿凡提·买买提')];
