import { Int32, Long } from 'bson';
import {
  addToDate,
  dateDifference,
  dayOfYear,
  formatDate,
  instantOf,
  isoWeek,
  parseDate,
  parseDateByFormat,
  partsAt,
  requireTime,
  timeOf,
  truncateDate,
  unitOf,
  utcTime,
  utcTimeOfIsoWeek,
  weekday,
  weekOfYear,
  weekStartOf,
  zoneOf,
  type DateParts,
} from './aggregate-dates.ts';
import {
  fail,
  isNullish,
  named,
  namedDocument,
  operandsOf,
  typeText,
  type Evaluator,
  type NamedArguments,
  type OperatorCompiler,
  type OperatorTable,
} from './aggregate-operator-kit.ts';
import { MongoServerError } from './errors.ts';
import { describeValue } from './update-describe.ts';
import { isDocument, toSafeInteger } from './values.ts';

/** A date part: from a date, or from `{ date, timezone }`. */
function partOperator(name: string, read: (parts: DateParts) => number | Long): OperatorCompiler {
  return (argument, compiler) => {
    let date: Evaluator;
    let timezone: Evaluator | undefined;
    const operands = operandsOf(argument);
    if (operands.length !== 1) {
      return fail(
        40536,
        `${name} accepts exactly one argument if given an array, but was given ${operands.length}`,
      );
    }
    const [only] = operands;
    if (isDocument(only) && !(Object.keys(only)[0] ?? '').startsWith('$')) {
      const document = namedDocument(name, only, {
        required: ['date'],
        optional: ['timezone'],
        codes: [40535, 40535, 40539],
      });
      date = compiler.compile(document['date']);
      timezone = Object.hasOwn(document, 'timezone') ? compiler.compile(document['timezone']) : undefined;
    } else {
      date = compiler.compile(only);
    }
    return (scope) => {
      const value = date(scope);
      const zone = timezone?.(scope);
      if (isNullish(value) || (timezone !== undefined && isNullish(zone))) {
        return null;
      }
      const part = read(partsAt(requireTime(value), zoneOf(zone)));
      return typeof part === 'number' ? new Int32(part) : part;
    };
  };
}

/** Whether a zone was given and is null, which makes the whole result null. */
const zoneIsNull = (values: NamedArguments): boolean =>
  values.has('timezone') && isNullish(values.get('timezone'));

function shiftOperator(name: '$dateAdd' | '$dateSubtract', sign: 1 | -1): OperatorCompiler {
  return named(
    name,
    {
      required: ['startDate', 'unit', 'amount'],
      optional: ['timezone'],
      codes: [5166400, 5166401, 5166402],
    },
    (values) => {
      const start = values.get('startDate');
      const unit = values.get('unit');
      const amount = values.get('amount');
      if (isNullish(start) || isNullish(unit) || isNullish(amount) || zoneIsNull(values)) {
        return null;
      }
      const time = timeOf(start) ?? fail(5166403, `${name} requires startDate to be convertible to a date`);
      if (typeof unit !== 'string') {
        return fail(5166404, `${name} expects string defining the time unit`);
      }
      const count = toSafeInteger(amount);
      if (count === undefined) {
        return fail(5166405, `${name} expects integer amount of time units`);
      }
      const result = addToDate(time, unitOf(unit, name), sign * count, zoneOf(values.get('timezone')));
      return Math.abs(result) <= 8.64e15
        ? new Date(result)
        : fail(5166406, `${name} overflowed or computed a date out of range`);
    },
  );
}

const dateDiff = named(
  '$dateDiff',
  {
    required: ['startDate', 'endDate', 'unit'],
    optional: ['timezone', 'startOfWeek'],
    codes: [5166301, 5166302, 5166303],
  },
  (values) => {
    const start = values.get('startDate');
    const end = values.get('endDate');
    const unitValue = values.get('unit');
    if (isNullish(start) || isNullish(end) || isNullish(unitValue) || zoneIsNull(values)) {
      return null;
    }
    const unit = unitOf(unitValue, '$dateDiff');
    const weekStart = values.get('startOfWeek');
    if (unit === 'week' && weekStart === null) {
      return null;
    }
    const from =
      timeOf(start) ??
      fail(5166307, `$dateDiff requires 'startDate' to be a date, but got ${typeText(start)}`);
    const to =
      timeOf(end) ?? fail(5166307, `$dateDiff requires 'endDate' to be a date, but got ${typeText(end)}`);
    const first = unit === 'week' ? weekStartOf(weekStart, '$dateDiff') : 0;
    return Long.fromNumber(dateDifference(from, to, unit, zoneOf(values.get('timezone')), first));
  },
);

const dateTrunc = named(
  '$dateTrunc',
  {
    required: ['date', 'unit'],
    optional: ['binSize', 'timezone', 'startOfWeek'],
    codes: [5439007, 5439008, 5439009],
  },
  (values) => {
    const date = values.get('date');
    const unitValue = values.get('unit');
    const bin = values.has('binSize') ? values.get('binSize') : new Int32(1);
    if (isNullish(date) || isNullish(unitValue) || isNullish(bin) || zoneIsNull(values)) {
      return null;
    }
    const unit = unitOf(unitValue, '$dateTrunc');
    const weekStart = values.get('startOfWeek');
    if (unit === 'week' && weekStart === null) {
      return null;
    }
    const time =
      timeOf(date) ?? fail(5439012, `$dateTrunc requires 'date' to be a date, but got ${typeText(date)}`);
    const binSize = toSafeInteger(bin);
    if (binSize === undefined) {
      return fail(
        5439017,
        `$dateTrunc requires 'binSize' to be a 64-bit integer, but got value '${describeValue(bin)}'`,
      );
    }
    if (binSize <= 0) {
      return fail(5439018, `$dateTrunc requires 'binSize' to be greater than 0, but got value ${binSize}`);
    }
    const first = unit === 'week' ? weekStartOf(weekStart, '$dateTrunc') : 0;
    return new Date(truncateDate(time, unit, binSize, zoneOf(values.get('timezone')), first));
  },
);

const ISO_FORMAT = '%Y-%m-%dT%H:%M:%S.%L';

const dateToString = named(
  '$dateToString',
  {
    required: ['date'],
    optional: ['format', 'timezone', 'onNull'],
    codes: [18629, 18534, 18628],
  },
  (values) => {
    const date = values.get('date');
    if (isNullish(date)) {
      return values.has('onNull') ? values.get('onNull') : null;
    }
    const format = values.get('format');
    if (zoneIsNull(values) || (values.has('format') && isNullish(format))) {
      return null;
    }
    if (format !== undefined && typeof format !== 'string') {
      return fail(18533, `$dateToString requires that 'format' be a string, found: ${typeText(format)}`);
    }
    const zone = zoneOf(values.get('timezone'));
    return formatDate(requireTime(date), format ?? (zone.isUtc ? `${ISO_FORMAT}Z` : ISO_FORMAT), zone);
  },
);

function parsedDate(values: NamedArguments): Date | null {
  const text = values.get('dateString');
  const format = values.get('format');
  if (zoneIsNull(values) || (values.has('format') && isNullish(format))) {
    return null;
  }
  if (typeof text !== 'string') {
    return fail(
      241,
      `$dateFromString requires that 'dateString' be a string, found: ${typeText(text)} with value ${describeValue(text)}`,
    );
  }
  if (format === undefined) {
    return parseDate(text, values.get('timezone'));
  }
  return typeof format === 'string'
    ? parseDateByFormat(text, format, values.get('timezone'))
    : fail(40684, `$dateFromString requires that 'format' be a string, found: ${typeText(format)}`);
}

const dateFromString = named(
  '$dateFromString',
  {
    required: ['dateString'],
    optional: ['format', 'timezone', 'onError', 'onNull'],
    codes: [40540, 40541, 40542],
  },
  (values) => {
    if (isNullish(values.get('dateString'))) {
      return values.has('onNull') ? values.get('onNull') : null;
    }
    try {
      return parsedDate(values);
    } catch (error) {
      if (values.has('onError') && error instanceof MongoServerError && error.code === 241) {
        return values.get('onError');
      }
      throw error;
    }
  },
);

const dateToParts = named(
  '$dateToParts',
  { required: ['date'], optional: ['timezone', 'iso8601'], codes: [40524, 40520, 40522] },
  (values) => {
    const date = values.get('date');
    const iso = values.get('iso8601');
    if (isNullish(date) || zoneIsNull(values) || (values.has('iso8601') && isNullish(iso))) {
      return null;
    }
    if (iso !== undefined && typeof iso !== 'boolean') {
      return fail(40521, `iso8601 must evaluate to a bool, found ${typeText(iso)}`);
    }
    const parts = partsAt(requireTime(date), zoneOf(values.get('timezone')));
    const clock = {
      hour: new Int32(parts.hour),
      minute: new Int32(parts.minute),
      second: new Int32(parts.second),
      millisecond: new Int32(parts.millisecond),
    };
    if (iso === true) {
      const { week, year } = isoWeek(parts);
      return {
        isoWeekYear: new Int32(year),
        isoWeek: new Int32(week),
        isoDayOfWeek: new Int32(weekday(parts) || 7),
        ...clock,
      };
    }
    return {
      year: new Int32(parts.year),
      month: new Int32(parts.month),
      day: new Int32(parts.day),
      ...clock,
    };
  },
);

const CALENDAR_FIELDS = ['month', 'day'];
const ISO_FIELDS = ['isoWeek', 'isoDayOfWeek'];
const CLOCK_FIELDS = ['hour', 'minute', 'second', 'millisecond'];

const dateFromParts: OperatorCompiler = (argument, compiler) => {
  const iso = isDocument(argument) && Object.hasOwn(argument, 'isoWeekYear');
  if (iso && [...CALENDAR_FIELDS, 'year'].some((key) => Object.hasOwn(argument, key))) {
    fail(40489, '$dateFromParts does not allow mixing natural dates with ISO dates');
  }
  const yearField = iso ? 'isoWeekYear' : 'year';
  return named(
    '$dateFromParts',
    {
      required: [yearField],
      optional: [...(iso ? ISO_FIELDS : CALENDAR_FIELDS), ...CLOCK_FIELDS, 'timezone'],
      codes: [40519, 40518, 40516],
    },
    (values) => {
      const read = (name: string, fallback: number): number | null => {
        if (!values.has(name)) {
          return fallback;
        }
        const value = values.get(name);
        return isNullish(value)
          ? null
          : (toSafeInteger(value) ??
              fail(
                40515,
                `'${name}' must evaluate to an integer, found ${typeText(value)} with value ${describeValue(value)}`,
              ));
      };
      const year = read(yearField, 1970);
      const middle = read(iso ? 'isoWeek' : 'month', 1);
      const day = read(iso ? 'isoDayOfWeek' : 'day', 1);
      const hour = read('hour', 0);
      const minute = read('minute', 0);
      const second = read('second', 0);
      const millisecond = read('millisecond', 0);
      if (
        year === null ||
        middle === null ||
        day === null ||
        hour === null ||
        minute === null ||
        second === null ||
        millisecond === null ||
        zoneIsNull(values)
      ) {
        return null;
      }
      if (year < 1 || year > 9999) {
        return fail(
          40523,
          `'${yearField}' must evaluate to an integer in the range 1 to 9999, found ${year}`,
        );
      }
      const clock = { hour, minute, second, millisecond };
      const local = iso
        ? utcTimeOfIsoWeek(year, middle, day, clock)
        : utcTime({ year, month: middle, day, ...clock });
      return new Date(instantOf(local, zoneOf(values.get('timezone'))));
    },
  )(argument, compiler);
};

/** Operators over dates. */
export const dateOperators: OperatorTable = {
  $year: partOperator('$year', (parts) => parts.year),
  $month: partOperator('$month', (parts) => parts.month),
  $dayOfMonth: partOperator('$dayOfMonth', (parts) => parts.day),
  $hour: partOperator('$hour', (parts) => parts.hour),
  $minute: partOperator('$minute', (parts) => parts.minute),
  $second: partOperator('$second', (parts) => parts.second),
  $millisecond: partOperator('$millisecond', (parts) => parts.millisecond),
  $dayOfYear: partOperator('$dayOfYear', dayOfYear),
  $dayOfWeek: partOperator('$dayOfWeek', (parts) => weekday(parts) + 1),
  $isoDayOfWeek: partOperator('$isoDayOfWeek', (parts) => weekday(parts) || 7),
  $week: partOperator('$week', weekOfYear),
  $isoWeek: partOperator('$isoWeek', (parts) => isoWeek(parts).week),
  $isoWeekYear: partOperator('$isoWeekYear', (parts) => Long.fromNumber(isoWeek(parts).year)),
  $dateAdd: shiftOperator('$dateAdd', 1),
  $dateSubtract: shiftOperator('$dateSubtract', -1),
  $dateDiff: dateDiff,
  $dateTrunc: dateTrunc,
  $dateToString: dateToString,
  $dateFromString: dateFromString,
  $dateToParts: dateToParts,
  $dateFromParts: dateFromParts,
};
