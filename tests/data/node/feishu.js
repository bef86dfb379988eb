// Everyday calls by Feishu's SDK for Node: each has to come back with what is beside it.
'use strict';
const {Client, LoggerLevel} = require('@larksuiteoapi/node-sdk');
const {url, instances: [{credentials: pairs}]} = JSON.parse(process.argv[2]);
const credentials = Object.fromEntries(pairs.map(({name, value}) => [name, value]));
const client = new Client({appId: credentials.app_id, appSecret: credentials.app_secret, domain: url, loggerLevel: LoggerLevel.fatal});
const message = (kind, receiver, type = 'text') => client.im.v1.message.create({
  params: {receive_id_type: kind}, data: {receive_id: receiver, msg_type: type, content: '{"text": "合同已批准"}'},
});
const user = (id, kind) => client.contact.v3.user.get({path: {user_id: id}, params: kind ? {user_id_type: kind} : {}});
const calls = [
  ['im.message.create open_id', 'code 0', () => message('open_id', 'ou_lisi')],
  ['im.message.create open_id=lisi', 'code 230001', () => message('open_id', 'lisi')],
  ['im.message.create msg_type=letter', 'code 230001', () => message('open_id', 'ou_lisi', 'letter')],
  ['contact.user.get', '李四', () => user('ou_lisi')],
  ['contact.user.get user_id_type=user_id', '李四', () => user('lisi', 'user_id')],
  ['contact.user.get lisi', 'code 41012', () => user('lisi')],
  ['contact.user.get user_id_type=lark_id', 'code 99992402', () => user('lisi', 'lark_id')],
];
const told = reply => (reply.data?.user ? reply.data.user.name : `code ${reply.code}`);
(async () => {
  for (const [name, expected, call] of calls) {
    let got;
    try { got = told(await call()); } catch (error) {
      got = error.response?.data?.code === undefined ? `${error}` : `code ${error.response.data.code}`;
    }
    console.log(JSON.stringify([name, expected, got]));
  }
})();
