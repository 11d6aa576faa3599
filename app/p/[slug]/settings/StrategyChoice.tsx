"use client";
import type { ReactNode } from "react";
import { Callout } from "@/app/_ui/Callout";
import { Card } from "@/app/_ui/Card";
import { SearchSelect } from "@/app/_ui/SearchSelect";
import type { ProjectStrategy } from "@/contracts/project";
import { OptionsForm } from "./OptionsForm";
import type { StrategyView } from "./strategyView";
import { NEED_WORDS } from "./unmetNeeds";

type Ref = ProjectStrategy["main"];

/** One strategy out of the registry: what it is for, what it needs, its options, and what it lacks right now. */
export function StrategyChoice({
  title,
  description,
  strategies,
  value,
  unmet,
  guidance,
  onChange,
}: {
  title: string;
  description: string;
  strategies: StrategyView[];
  value: Ref;
  /** What the chosen strategy needs and the project does not have yet, in sentences. */
  unmet: string[];
  /** What this project has of it, and what it costs here. */
  guidance?: ReactNode;
  onChange: (value: Ref) => void;
}) {
  const chosen = strategies.find((s) => s.id === value.id);
  const options = chosen
    ? strategies
    : [{ id: value.id, title: value.id, summary: "Not in the registry of this installation." }, ...strategies];
  return (
    <Card title={title} description={description}>
      <div className="flex flex-col gap-4">
        <SearchSelect
          label={title}
          searchLabel="Search strategies"
          options={options.map((s) => ({ value: s.id, label: s.title, hint: s.summary }))}
          value={value.id}
          onValueChange={(id) => id !== value.id && onChange({ id, options: {} })}
        />
        {unmet.length > 0 && (
          <Callout tone="warn" title="Not ready to run yet">
            {unmet.map((sentence) => (
              <p key={sentence}>{sentence}</p>
            ))}
          </Callout>
        )}
        {chosen?.warning && <Callout tone="warn">{chosen.warning}</Callout>}
        {chosen && (
          <>
            <StrategyFacts strategy={chosen} />
            {guidance}
            {Object.keys(chosen.options.properties).length > 0 && (
              <div className="border-line border-t pt-4">
                <OptionsForm
                  schema={chosen.options}
                  values={value.options}
                  onChange={(next) => onChange({ ...value, options: next })}
                />
              </div>
            )}
          </>
        )}
      </div>
    </Card>
  );
}

function StrategyFacts({ strategy: s }: { strategy: StrategyView }) {
  const needs = [
    ...s.needs.arrays.map((array) => NEED_WORDS[array] ?? array),
    ...(s.needs.minLabels ? [`${s.needs.minLabels} labels`] : []),
    ...(s.needs.minClasses ? [`labels of ${s.needs.minClasses} classes`] : []),
  ];
  const facts: [string, string][] = [
    ["Use it when", s.whenToUse],
    ["Not when", s.whenNot],
    ["Needs", needs.length === 0 ? "nothing" : needs.join(", ")],
    ["Score", `${s.score.name}; ${s.score.better} comes first`],
    ["Cost", s.costFormula],
  ];
  if (s.sources.length > 0) facts.push(["Source", s.sources.map((o) => `${o.authors} ${o.year}`).join("; ")]);
  return (
    <dl className="grid gap-x-5 gap-y-2 text-sm sm:grid-cols-[auto_1fr]">
      {facts.map(([name, text]) => (
        <div key={name} className="contents">
          <dt className="text-ink-3">{name}</dt>
          <dd className="max-sm:mb-1.5">{text}</dd>
        </div>
      ))}
    </dl>
  );
}
