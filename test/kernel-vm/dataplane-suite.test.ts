import { dataPlaneSuite } from '../dataplane/suite.ts';

dataPlaneSuite('kernel');
