const f = x => { switch (true) { case x > 100: return '高'; case x > 10: return '中'; default: return '低'; } };
return [200, 50, 1].map(f);
