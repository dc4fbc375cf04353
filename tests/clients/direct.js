// Loaded before the Node SDK's own tests. Some of them ask the real hosts past any proxy (`proxy: ''`); here the only way to
// those hosts is the proxy of the environment. Nothing else of the tests is changed.
'use strict';

const Module = require('module');

const load = Module._load;

Module._load = function (name, ...rest) {
  const loaded = load.call(this, name, ...rest);
  if (name !== 'request' || loaded.defaults === undefined) return loaded;
  const wrapped = (options, callback) => {
    const { proxy, ...others } = typeof options === 'string' ? { url: options } : options;
    return loaded(proxy ? { ...others, proxy } : others, callback);
  };
  return Object.assign(wrapped, loaded);
};
