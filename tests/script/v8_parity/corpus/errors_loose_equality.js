return [null == undefined, null == 0, '' == 0, '0' == false, [] == '', [1] == 1, NaN == NaN, '1' + 1, '3' - 1, [] + {}, +[], +{}, +'', +' 12 ', +'1,2', null + 1, undefined + 1, true + true];
