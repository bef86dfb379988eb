const { data } = await $proxy('erp').getStock(form.物料);
const { warehouse: { name } } = data;
form.仓库 = name;
