let page = 1;
do {
  const got = await $proxy('crm').list_contacts(form.客户编号, page);
  form.联系人 = form.联系人 + got.data.items.length;
  page = got.data.next;
} while (page !== null);
