import { customerRow, CUSTOMER_SPECS } from '../domain/customers/customer.ts';
import { generateCustomers } from '../domain/customers/generate-customers.ts';
import { pointsOf } from '../domain/kmeans/points.ts';
import { generateShoppers } from '../domain/shopping/generate-shoppers.ts';
import { SHOPPER_FEATURES, shopperRow } from '../domain/shopping/shopper.ts';
import type { TableModel } from '../parsing/read-table.ts';
import type { TableStore } from '../store/table-store.ts';
import type { TrainingRows } from './train-models.ts';

/** About as many as the public data set has. */
const DEFAULT_SHOPPERS = 4_000;
const DEFAULT_SHOPPERS_SEED = 7;

/**
 * Rows of a model that learns from a table: the table that was uploaded, else the generated default.
 * @param tables uploaded tables
 * @param model the model
 */
export const readTableRows = async (tables: TableStore, model: TableModel): Promise<TrainingRows> => {
  const uploaded = await tables.find(model);
  if (model === 'customers') {
    return { specs: CUSTOMER_SPECS, raw: uploaded ?? pointsOf(generateCustomers().map(customerRow)) };
  }
  const shoppers = (): number[][] =>
    generateShoppers(DEFAULT_SHOPPERS, DEFAULT_SHOPPERS_SEED).map(shopperRow);
  return { specs: SHOPPER_FEATURES, raw: uploaded ?? pointsOf(shoppers()) };
};
