'use strict';
() => ({})
