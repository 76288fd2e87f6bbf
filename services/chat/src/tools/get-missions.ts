import type { ToolArguments, ToolResult } from '@orrery/assistant';
import { ListMissions } from '../clients/routes.ts';
import type { RunTool } from './tool-access.ts';

const MAX_MISSIONS = 20;

/** Saving missions and their progress. */
export const getMissions: RunTool<ToolArguments<'get_missions'>, ToolResult<'get_missions'>> = async (
  _args,
  access,
) => {
  const { body } = await access.call('missions', ListMissions, {});
  return {
    asOf: access.today,
    missions: body.data.slice(0, MAX_MISSIONS).map(({ progress, expectedSaving, ...mission }) => ({
      ...mission,
      current: progress.current,
      target: progress.target,
      expectedSaving: expectedSaving ?? null,
    })),
  };
};
