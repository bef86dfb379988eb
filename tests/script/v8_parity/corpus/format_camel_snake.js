const camel = s => s.replace(/_(\w)/g, (_, c) => c.toUpperCase()), snake = s => s.replace(/[A-Z]/g, c => '_' + c.toLowerCase());
return [camel('customer_full_name'), snake('customerFullName'), camel('_a_1')];
