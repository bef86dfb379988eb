const delays = Array.from({length: 5}, (_, i) => Math.min(1000, 100 * 2 ** i));
return delays.map(d => d >= 100 && d <= 1000 ? d : -1);
