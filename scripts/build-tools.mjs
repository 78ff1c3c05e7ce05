// Before the first build of a fresh clone: node-gyp wants make, Python 3 and a C++ compiler. On a Debian machine that lacks
// one of them root gets it installed; anybody else is told what to install. The published package does not have this.
import { spawnSync } from 'node:child_process';

const tools = ['g++', 'make', 'python3'];
const works = (command) => spawnSync(command, ['--version'], { stdio: 'ignore' }).status === 0;
const missing = tools.filter((tool) => !works(tool === 'g++' ? (process.env.CXX ?? tool) : tool));

function install() {
  const apt = (...args) =>
    spawnSync('apt-get', ['-q', '-y', ...args], {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    }).status === 0;
  const wanted = ['install', '--no-install-recommends', ...missing];
  console.log(`routeplane: installing ${missing.join(', ')} to build with`);
  return apt(...wanted) || (apt('update') && apt(...wanted));
}

if (missing.length > 0 && !(process.getuid() === 0 && works('apt-get') && install())) {
  console.error(`routeplane: to build from source, install ${missing.join(', ')} first`);
  process.exit(1);
}
