const prices = [['A', 0], ['B', 5]];
let price = 0;
for (const [name, value] of prices) {
  if (name === form.物料) {
    price = value;
    if (price >= 0) break;
  }
}
form.单价 = price;
