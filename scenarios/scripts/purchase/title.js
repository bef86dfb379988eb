// 任务标题：环节名加项目名
return `${ctx.step.name}：${ctx.project.name}`;
