export { gateway } from './module.ts';
export { compileRoutes } from './routing/match-route.ts';
export { ROUTES } from './routing/route-table.ts';
