import { dataPlaneSuite } from '../dataplane/suite.ts';
import { missingKernelFeature } from '../lab/index.ts';

dataPlaneSuite('userspace', { skip: missingKernelFeature() });
