import type { Phrase } from '../phrase.ts';

export const REPORT_KINDS = ['expenses', 'budget', 'debt'] as const;
export type ReportKind = (typeof REPORT_KINDS)[number];

/** A report as it is stored and shown. */
export interface Report {
  summary: string;
  insights: { insight: string; suggestion: string; category: string }[];
}

/** A report in our own words, each text with its facts. */
export interface DraftReport {
  summary: Phrase;
  insights: DraftInsight[];
}

export interface DraftInsight {
  insight: Phrase;
  suggestion: Phrase;
  category: string;
  /** Words that the insight has to begin with in every wording. */
  title?: string;
}

/**
 * The report in our own words.
 * @param draft texts with their facts
 */
export const plainReport = ({ summary, insights }: DraftReport): Report => ({
  summary: summary.text,
  insights: insights.map(({ insight, suggestion, category }) => ({
    insight: insight.text,
    suggestion: suggestion.text,
    category,
  })),
});
