const f = n => n.toString().replace(/\B(?=(\d{3})+(?!\d))/g, ',');
return [0, 999, 1000, 1234567, 123456789012].map(f);
