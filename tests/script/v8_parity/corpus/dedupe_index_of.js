return ['张', '李', '张', '王', '李'].filter((x, i, a) => a.indexOf(x) === i).join('、');
