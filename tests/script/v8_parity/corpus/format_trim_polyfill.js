if (!String.prototype.trimAll) String.prototype.trimAll = function () { return this.replace(/\s/g, ''); };
return [' 张 三 '.trimAll(), '\u3000全角\u3000'.trim(), '\ufeffx'.trim().length, '　'.trim() === ''];
