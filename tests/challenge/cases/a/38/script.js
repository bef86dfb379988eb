const table = { USD: 7.12, EUR: 7.75 };
form.本币 = Math.round(form.外币 * table[form.币种] * 100) / 100;
