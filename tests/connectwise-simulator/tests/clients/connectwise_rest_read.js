// Reads lists with connectwise-rest, page by page, and prints what it found as JSON.
//
// The plan comes as JSON on standard input: url, company, public, private, client, page_size, paths.

'use strict';

const fs = require('fs');
const { ManageAPI } = require('connectwise-rest');

// "/company/companies/5/sites" is read by CompanyAPI.getCompanyCompaniesByParentIdSites(5, params).
function methodOf(path) {
  const parents = [];
  const words = path.split('/').filter(Boolean).map((word) => {
    if (/^\d+$/.test(word)) {
      parents.push(Number(word));
      return 'ByParentId';
    }
    return word[0].toUpperCase() + word.slice(1);
  });
  return { api: `${words[0]}API`, name: `get${words.join('')}`, parents };
}

async function main() {
  const plan = JSON.parse(fs.readFileSync(0, 'utf8'));
  const client = new ManageAPI({
    companyId: plan.company,
    publicKey: plan.public,
    privateKey: plan.private,
    clientId: plan.client,
    companyUrl: 'localhost',
  });
  for (const api of ['CompanyAPI', 'ServiceAPI', 'SystemAPI']) {
    client[api].instance.defaults.baseURL = plan.url;
  }
  const found = {};
  const missing = [];
  for (const path of plan.paths) {
    const { api, name, parents } = methodOf(path);
    const read = client[api][name];
    if (typeof read !== 'function') {
      missing.push(path);
      continue;
    }
    // The list of configurations takes a managed identifier first.
    const first = path === '/company/configurations' ? [undefined] : parents;
    const records = await client[api].paginate(read.bind(client[api]), { pageSize: plan.page_size }, ...first, {});
    let count = records.length;
    const counted = client[api][`${name}Count`];
    if (typeof counted === 'function') {
      ({ count } = await counted.call(client[api], ...first, {}));
    }
    found[path] = { ids: records.map((record) => record.id), count };
  }
  const { version } = await client.SystemAPI.getSystemInfo({});
  process.stdout.write(JSON.stringify({ found, missing, version }));
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
