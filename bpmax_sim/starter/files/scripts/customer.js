// @on_change@
const result = await $proxy('@platform@').getCustomerDetail(form.customerId);
if (result.code !== 200) {
  throw new Error(result.message);
}
form.customerName = result.data.name;
form.phone = result.data.phone;
