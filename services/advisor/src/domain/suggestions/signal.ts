/** Something that another service told about a user and that is worth a suggestion for a while. */
export type Signal =
  | { kind: 'budget-nearly-used'; category: string; spentMinor: number; limitMinor: number; currency: string }
  | { kind: 'shortfall-ahead'; day: string; lowestMinor: number; currency: string }
  | { kind: 'price-rose'; merchant: string; previousMinor: number; amountMinor: number; currency: string }
  | { kind: 'unusual-payment'; merchant: string; day: string; amountMinor: number; currency: string }
  | { kind: 'segment-habit'; segment: string; categories: string[]; rowVersion: number };
