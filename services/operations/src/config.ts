import { z } from 'zod';

/** Settings of this service beside the common ones. */
export const OperationsConfig = z.object({});
