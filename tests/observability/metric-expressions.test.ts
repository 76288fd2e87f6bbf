import { describe, expect, it } from '@jest/globals';
import { labelsIn, namesIn, troublesIn } from './metric-expressions.ts';

const REGISTERED = new Map([
  ['http_requests_total', { type: 'counter', labels: ['route', 'status'] }],
  ['http_request_seconds', { type: 'histogram', labels: ['route'] }],
]);
const troubles = (expression: string): string[] => troublesIn(expression, REGISTERED);

describe('expressions of alerts and dashboards', () => {
  it('are read for their metrics and groupings', () => {
    const expression =
      'histogram_quantile(0.9, sum by (route, le) (rate(http_request_seconds_bucket{route="up"}[5m]))) > 0';

    expect(namesIn(expression)).toEqual(['http_request_seconds_bucket']);
    expect(labelsIn(expression)).toEqual(['route', 'le']);
    expect(troubles(expression)).toEqual([]);
  });

  it.each([
    ['rate(http_request_total[5m])', 'http_request_total is not registered'],
    ['rate(http_requests_total{path="/"}[5m])', 'http_requests_total has no label path'],
    ['sum by (path) (http_requests_total)', 'nothing has the label path by which it is grouped'],
    ['http_request_seconds', 'http_request_seconds is not registered'],
    ['http_requests_total_bucket', 'http_requests_total_bucket is not registered'],
  ])('%s is noticed', (expression, trouble) => {
    expect(troubles(expression)).toEqual([trouble]);
  });

  it('may ask for what every line has', () => {
    expect(troubles('sum by (service) (up{job="orrery",instance="a"})')).toEqual([]);
  });
});
