return [btoa('abc'), atob('YWJj'), [...new TextEncoder().encode('中')], new TextDecoder().decode(Uint8Array.of(228, 184, 173)), encodeURI('http://a/张?x=1 2'), escape('张'), unescape('%u5F20')];
