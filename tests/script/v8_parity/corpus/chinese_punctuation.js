return '“你好”，世界！（测试）《书》'.replace(/[“”]/g, '"').replace(/[，]/g, ',').replace(/（(.*?)）/g, '($1)');
