const me = form.本人;
const text = [].concat(me, me).join('→');
const sent = await $proxy('oa').send_message(me, text);
form.已发 = sent.code === 0;
