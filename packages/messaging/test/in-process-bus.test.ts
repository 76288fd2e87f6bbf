import { busContract } from './bus-contract.ts';
import { testDatabaseUri } from './test-database.ts';

busContract('in-process', testDatabaseUri);
