/** The style sheet of the page; served as a file, so that the policy can forbid styles in the page itself. */
export const STYLE = `:root{color-scheme:light dark;--ink:#1b2430;--soft:#5d6b7c;--line:#d9e0e8;--ground:#f5f7fa;--card:#fff;--good:#1b7f4b;--bad:#b3261e;--warn:#8a5a00;--accent:#2b5fb3}
@media (prefers-color-scheme:dark){:root{--ink:#e6ebf2;--soft:#9aa8ba;--line:#2c3645;--ground:#12171f;--card:#1a212c;--good:#5fd39a;--bad:#ff8a80;--warn:#ffc46b;--accent:#8ab4ff}}
*{box-sizing:border-box}
body{margin:0 0 3rem;background:var(--ground);color:var(--ink);font:15px/1.45 system-ui,-apple-system,"Segoe UI",sans-serif}
header,main{max-width:78rem;margin:0 auto;padding:0 1.25rem}
header{display:flex;flex-wrap:wrap;gap:.5rem 1.5rem;align-items:baseline;padding-top:1.4rem}
header form{margin-left:auto}
h1{font-size:1.35rem;margin:0}
h2{font-size:1.02rem;margin:0 0 .6rem;scroll-margin-top:1rem}
p{margin:.2rem 0}
a{color:var(--accent)}
.soft{color:var(--soft)}
section{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:1rem 1.1rem;margin:1rem 0;overflow-x:auto}
table{border-collapse:collapse;width:100%}
caption{text-align:left;color:var(--soft);padding-bottom:.4rem}
th,td{text-align:left;padding:.36rem .8rem .36rem 0;border-top:1px solid var(--line);vertical-align:top;overflow-wrap:break-word}
thead th,thead td{border-top:0;color:var(--soft);font-weight:600;font-size:.86rem;overflow-wrap:normal}
tbody th{font-weight:600}
.number{font-variant-numeric:tabular-nums}
.good::before{content:"\\25CF\\A0";color:var(--good)}
.bad::before{content:"\\25B2\\A0";color:var(--bad)}
.warning::before{content:"\\25C6\\A0";color:var(--warn)}
.bad{color:var(--bad)}
code{font-size:.92em}
td code,td.long{overflow-wrap:anywhere}
.number{white-space:nowrap}
button{font:inherit;padding:.16rem .7rem;border:1px solid var(--line);border-radius:6px;background:transparent;color:var(--accent);cursor:pointer;white-space:nowrap}
button:hover{border-color:var(--accent)}
:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
button.main{background:var(--accent);border-color:var(--accent);color:var(--card)}
td form{margin:0}
.notice{border-left:4px solid var(--accent);background:var(--card);padding:.6rem .9rem;margin:1rem 0}
.attention{border-left:4px solid var(--bad)}
.attention ul{margin:0;padding-left:1.1rem}
.all-well{margin:1rem 0 0}
.numbers{display:flex;flex-wrap:wrap;gap:.8rem 2.4rem;margin:1rem 0 0}
.numbers b{display:block;font-size:1.5rem;font-variant-numeric:tabular-nums}
.sign-in{max-width:34rem;margin:12vh auto}
label{display:block;margin:.6rem 0 .2rem}
input{font:inherit;width:100%;padding:.45rem .6rem;border:1px solid var(--line);border-radius:6px;background:transparent;color:inherit}
details{margin-top:.6rem}
details summary{cursor:pointer;color:var(--soft)}
@media (max-width:46rem){
header,main{padding:0 .8rem}
header form{margin-left:0}
.sign-in{margin:4vh auto}
.numbers{gap:.6rem 1.6rem}
table,caption,tbody,tr,th{display:block}
td{display:inline-block;margin-right:1rem;overflow-wrap:anywhere}
thead{display:none}
tr{border-top:1px solid var(--line);padding:.5rem 0}
th,td{border:0;padding:.08rem 0}
td.blank{display:none}
td:not([data-head=""])::before{content:attr(data-head) ": ";color:var(--soft)}
td[data-head=""]{display:block;padding-top:.35rem}
button{min-height:2.5rem;padding:.3rem 1rem}
}
`;
