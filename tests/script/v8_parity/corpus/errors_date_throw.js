try { new Date(NaN).toISOString(); } catch (e) { console.log(e.name + ': ' + e.message); }
try { ({}).x.y; } catch (e) { return e.constructor.name; }
