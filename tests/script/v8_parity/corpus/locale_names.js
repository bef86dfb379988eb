const 国 = new Intl.DisplayNames(['zh-CN'], {type: 'region'}), 币 = new Intl.DisplayNames('zh-CN', {type: 'currency'});
console.log(['CN', 'HK', 'US', 'DE'].map(c => 国.of(c)), ['CNY', 'USD', 'JPY'].map(c => 币.of(c)), new Intl.DisplayNames('en', {type: 'language'}).of('zh-Hans'));
