import { CUSTOMER_SPECS } from './customers/customer.ts';
import { nameCustomers } from './personas/name-customers.ts';
import { nameShoppers, SHOPPER_PERSONAS } from './personas/name-shoppers.ts';
import { nameSpenders } from './personas/name-spenders.ts';
import type { ModelName } from './segment-model.ts';
import { SHOPPER_FEATURES } from './shopping/shopper.ts';
import type { NamePersonas } from './train-model.ts';
import type { FeatureSpec } from './transform.ts';

/** How a model of each name is made. */
export interface ModelPlan {
  /** Features in the order of its rows; those of the spending model depend on what people buy. */
  specs?: readonly FeatureSpec[];
  /** Number of clusters where the contract fixes it. */
  fixedK?: number;
  namePersonas: NamePersonas;
}

export const MODEL_PLANS: Readonly<Record<ModelName, ModelPlan>> = {
  customers: { specs: CUSTOMER_SPECS, namePersonas: nameCustomers },
  'shopping-personas': {
    specs: SHOPPER_FEATURES,
    fixedK: SHOPPER_PERSONAS,
    namePersonas: nameShoppers,
  },
  spending: { namePersonas: nameSpenders },
};
