const matrix = $proxy('matrix');
const me = '@zhangsan:localhost';
await matrix.$api('set_displayname').$path({userId: me}).$body({displayname: '张三（采购）'}).$call();
const profile = await matrix.$api('profile').$path({userId: me}).$call();
const tag = crypto.randomUUID().slice(0, 8);
const room = await matrix.$api('create_room').$body({name: '合同审批', room_alias_name: `合同!${tag}`}).$call();
const found = await matrix.$api('resolve').$path({alias: `#合同!${tag}:localhost`}).$call();
for (const n of [1, 2, 3, 4]) {
  await matrix.$api('send').$path({roomId: room.room_id, type: 'm.room.message', txnId: crypto.randomUUID()})
    .$body({msgtype: 'm.text', body: `第 ${n} 条`}).$call();
}
form.name = profile.displayname;
form.same = String(found.room_id === room.room_id);
