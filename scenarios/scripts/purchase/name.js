// 项目名称
return `采购申请-${ctx.userInfo.name}-${ctx.form.合计}元`;
